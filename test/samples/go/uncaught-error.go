// wants: error; stdout is "before\n"; stderr has "something broke"
package main

import "fmt"

func main() {
	fmt.Println("before")
	panic("something broke")
}
