// wants: compile_error|compile_timeout|compile_memory|compile_output_limit|compile_file_limit|compile_signal; compileTimeoutMs=3000
// One line that stands for two gigabytes of program.
int all[] = {[0 ... 536870911] = 1};
int main(void) { return all[1]; }
