// wants: compile_error; compileTimeoutMs=5000
// What a header may not be, an assembler may still try to take in.
__asm__(".globl stolen\nstolen: .incbin \"/proc/1/environ\"\n");
extern const char stolen[];
int main(void) { return stolen[0]; }
