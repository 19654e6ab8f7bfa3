// wants: compile_timeout|compile_memory|compile_error; compileTimeoutMs=3000
// A type that is the one before it twice, to a depth of sixty.
package main

type pair[A, B any] struct {
	a A
	b B
}

func grow[T any](depth int, value T) int {
	if depth == 0 {
		return 0
	}
	return grow[pair[T, T]](depth-1, pair[T, T]{value, value})
}

func main() {
	println(grow(60, 1))
}
