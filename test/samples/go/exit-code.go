// wants: error; exit 7; stdout is "before\n"; stderr is ""
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("before")
	os.Exit(7)
}
