// wants: compile_output_limit; compileTimeoutMs=20000
// A compiler that is made to say the same very long thing until it has said too much.
#if __INCLUDE_LEVEL__ == 0
#define A "a word of warning, of which there will be a great many, one after the other; "
#define B A A A A A A A A A A A A A A A A
#define C B B B B B B B B B B B B B B B B
#define D C C C C C C C C C C C C C C C C
int main(void) { return 0; }
#endif
#pragma message D
#if __INCLUDE_LEVEL__ < 16
#include "main.c"
#include "main.c"
#endif
