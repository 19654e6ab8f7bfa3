// wants: ok|compile_error; compileTimeoutMs=5000; stdout lacks "RUNNER"; stdout lacks "SECRET"; stdout lacks "$HOST_NAME"
// What a header may not be, an assembler may still take in. Nothing is in it that is ours.
#include <stdio.h>
__asm__(".globl taken\ntaken: .incbin \"/proc/1/environ\"\n.globl taken_end\ntaken_end: .byte 0\n");
extern const char taken[], taken_end[];
int main(void)
{
    fwrite(taken, 1, (size_t)(taken_end - taken), stdout);
    return 0;
}
