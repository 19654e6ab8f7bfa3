// wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <regex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

int main(void)
{
    int numbers[] = {5, 3, 9, 1, 8, 2};
    qsort(numbers, 6, sizeof *numbers, compare);
    for (int i = 0; i < 6; i++) printf("%d%c", numbers[i], i < 5 ? ' ' : '\n');

    int counts[26] = {0};
    for (const char *at = "abacab"; *at; at++) counts[*at - 'a']++;
    printf("a=%d b=%d c=%d\n", counts[0], counts[1], counts[2]);
    printf("%.4f\n", acos(-1));

    char day[11];
    time_t when = 1795305600;
    strftime(day, sizeof day, "%Y-%m-%d", gmtime(&when));
    for (char *at = day; (at = strchr(at, '-')); ) *at = '/';
    puts(day);
    for (const char *at = "Hello"; *at; at++) printf("%02x", (unsigned)*at);
    puts("");

    regex_t pattern;
    assert(regcomp(&pattern, "^[a-z]+=[0-9]+$", REG_EXTENDED) == 0);
    assert(regexec(&pattern, "a=1", 0, NULL, 0) == 0);
    assert(strtol("ff", NULL, 16) == 255 && toupper('a') == 'A');
    assert(sqrt(2.0) * sqrt(2.0) - 2.0 < 1e-9 && isnan(NAN));
    assert(wcslen(L"né") == 2);
    errno = 0;
    assert(fopen("missing", "r") == NULL && errno == ENOENT);
    FILE *file = tmpfile();
    char kept[5] = "";
    assert(file && fputs("kept", file) >= 0);
    rewind(file);
    assert(fgets(kept, sizeof kept, file) && strcmp(kept, "kept") == 0);
    return 0;
}
