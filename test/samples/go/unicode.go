// wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"
)

func main() {
	fmt.Println("Grüße, 世界 🌍")
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	line = strings.TrimRight(line, "\n")
	fmt.Println(line)
	fmt.Println(utf8.RuneCountInString(line))
}
