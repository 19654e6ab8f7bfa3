// wants: compile_error|compile_timeout|compile_memory|compile_output_limit; compileTimeoutMs=3000
// Includes itself twice at every depth, so that the depth limit alone would let through 2^200.
#include "main.c"
#include "main.c"
int main(void) { return 0; }
