// wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
#include "greet.h"
#include <stdio.h>
#include <string.h>

int main(void)
{
    char name[80];
    FILE *names = fopen("data/names.txt", "r");
    if (!names) return 1;
    while (fgets(name, sizeof name, names)) {
        name[strcspn(name, "\n")] = 0;
        greet(name);
    }
    return 0;
}
