// wants: compile_timeout|compile_memory|compile_error|compile_file_limit; compileTimeoutMs=3000
// A file without an end, taken in whole.
__asm__(".incbin \"/dev/zero\"");
int main(void) { return 0; }
