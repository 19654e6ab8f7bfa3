// wants: compile_error|compile_timeout|compile_memory|compile_output_limit|compile_file_limit|compile_signal; compileTimeoutMs=3000
// Parentheses in parentheses, until a parser that recurses has no stack left.
#define A0 ((((((((((((((((
#define A1 A0 A0 A0 A0 A0 A0 A0 A0 A0 A0 A0 A0 A0 A0 A0 A0
#define A2 A1 A1 A1 A1 A1 A1 A1 A1 A1 A1 A1 A1 A1 A1 A1 A1
#define A3 A2 A2 A2 A2 A2 A2 A2 A2 A2 A2 A2 A2 A2 A2 A2 A2
#define A4 A3 A3 A3 A3 A3 A3 A3 A3 A3 A3 A3 A3 A3 A3 A3 A3
int main(void) { return A4 0; }
