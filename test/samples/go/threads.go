// wants: ok; stdout is "5000050000\n"
package main

import (
	"fmt"
	"sync"
)

func main() {
	var wait sync.WaitGroup
	totals := make(chan int, 4)
	for slot := 0; slot < 4; slot++ {
		wait.Add(1)
		go func(slot int) {
			defer wait.Done()
			total := 0
			for n := slot*25000 + 1; n <= (slot+1)*25000; n++ {
				total += n
			}
			totals <- total
		}(slot)
	}
	wait.Wait()
	close(totals)
	sum := 0
	for total := range totals {
		sum += total
	}
	fmt.Println(sum)
}
