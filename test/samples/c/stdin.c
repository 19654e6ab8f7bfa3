// wants: ok; stdin "one\n\ttwo  \n\nthree\n"; stdout is "one\n\ttwo  \n\nthree\n"
#include <stdio.h>

int main(void)
{
    int byte;
    while ((byte = getchar()) != EOF) putchar(byte);
    return 0;
}
