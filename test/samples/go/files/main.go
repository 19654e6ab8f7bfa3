// wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	names, err := os.Open("data/names.txt")
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(names)
	for lines.Scan() {
		fmt.Println(greet(lines.Text()))
	}
}
