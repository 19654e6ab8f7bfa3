// wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char line[200];
    setlocale(LC_ALL, "");
    puts("Grüße, 世界 🌍");
    if (!fgets(line, sizeof line, stdin)) return 1;
    line[strcspn(line, "\n")] = 0;
    printf("%s\n%zu\n", line, mbstowcs(NULL, line, 0));
    return 0;
}
