// wants: compile_error; stdout is ""; stderr has "main"
package main

import "fmt"

func main() {
	var unused int
	fmt.Println("never")
}
