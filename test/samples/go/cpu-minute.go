// wants: timeout; timeoutMs=1500; stdout is "started\n"
package main

import (
	"fmt"
	"time"
)

func main() {
	end := time.Now().Add(time.Minute)
	count := 0
	fmt.Println("started")
	for time.Now().Before(end) {
		count++
	}
	fmt.Println("never", count)
}
