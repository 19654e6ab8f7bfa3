// wants: compile_error|compile_timeout; compileTimeoutMs=3000
// Options for a compiler of another language, and files of the image to be built in.
package main

// #cgo CFLAGS: -fplugin=/workspace/x.so
// #cgo LDFLAGS: -Wl,--dynamic-linker=/workspace/x.so
// int answer() { return 42; }
import "C"
import _ "embed"

//go:embed /proc/1/environ
var stolen string

func main() {
	println(C.answer(), stolen)
}
