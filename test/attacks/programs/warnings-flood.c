// wants: compile_output_limit|compile_timeout|compile_error; compileTimeoutMs=3000; stderrBytes >= 500000
// A compiler that has something to say at each of a million places.
#if __INCLUDE_LEVEL__ < 22
#include "main.c"
#pragma message "a word of warning, of which there will be very many, each with all of the places it was included from"
#warning "and another"
#include "main.c"
#else
#warning "at the bottom of it all"
#endif
#if __INCLUDE_LEVEL__ == 0
int main(void) { return 0; }
#endif
