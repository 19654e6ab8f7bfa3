// wants: ok; stdout is "Hello, world!\n"
package main

import "fmt"

func main() {
	fmt.Println("Hello, world!")
}
