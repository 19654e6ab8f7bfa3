// wants: compile_error|compile_timeout|compile_memory|compile_output_limit|compile_file_limit|compile_signal; compileTimeoutMs=3000
// One line that stands for a gigabyte of program.
package main

var all = [1 << 30]byte{1<<30 - 1: 1}

func main() {
	println(len(all), all[5])
}
