// wants: compile_error|compile_timeout; compileTimeoutMs=3000
// A number with a hundred million digits, and a chain of others that it takes to write it down.
package main

const a = 1 << 511
const b = a * a * a * a

var c = 1.0e+100000000 * 1.0e+100000000

func main() {
	println(b, c)
}
