// wants: ok|compile_error; compileTimeoutMs=5000; stdout lacks "RUNNER"; stdout lacks "SECRET"; stdout lacks "$HOST_NAME"
// The supervisor's own binary and the list of versions may be read by anybody; nothing is in them.
#include <ctype.h>
#include <stdio.h>
__asm__(".globl taken\ntaken: .incbin \"/opt/coderunner/supervisor\"\n.incbin \"/opt/coderunner/versions\"\n"
        ".globl taken_end\ntaken_end: .byte 0\n");
extern const char taken[], taken_end[];
int main(void)
{
    int run = 0;
    for (const char *at = taken; at < taken_end; at++) {
        run = isprint((unsigned char)*at) ? run + 1 : 0;
        if (run == 4) printf("%.*s", 4, at - 3);
        if (run > 4) putchar(*at);
        if (!isprint((unsigned char)*at)) putchar('\n');
    }
    return 0;
}
