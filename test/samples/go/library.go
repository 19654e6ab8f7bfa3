// wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"regexp"
	"sort"
	"strings"
	"time"
)

func check(holds bool) {
	if !holds {
		panic("the library is not what it was")
	}
}

func main() {
	numbers := []int{5, 3, 9, 1, 8, 2}
	sort.Ints(numbers)
	fmt.Println(strings.Trim(fmt.Sprint(numbers), "[]"))
	counts := map[rune]int{}
	for _, letter := range "abacab" {
		counts[letter]++
	}
	fmt.Printf("a=%d b=%d c=%d\n", counts['a'], counts['b'], counts['c'])
	fmt.Printf("%.4f\n", math.Pi)
	day := time.Date(2026, time.November, 22, 0, 0, 0, 0, time.UTC).Format("2006-01-02")
	fmt.Println(regexp.MustCompile("-").ReplaceAllString(day, "/"))
	fmt.Println(hex.EncodeToString([]byte("Hello")))

	var decoded map[string]any
	check(json.Unmarshal([]byte(`{"a": [1, null, "é"]}`), &decoded) == nil)
	check(len(decoded["a"].([]any)) == 3)
	check(strings.HasPrefix(fmt.Sprintf("%x", sha256.Sum256([]byte("abc"))), "ba7816bf"))
	check(new(big.Int).Exp(big.NewInt(2), big.NewInt(64), nil).String() == "18446744073709551616")
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	writer.Write(bytes.Repeat([]byte("x"), 1000))
	writer.Close()
	reader, err := gzip.NewReader(&packed)
	check(err == nil)
	unpacked, err := io.ReadAll(reader)
	check(err == nil && len(unpacked) == 1000)
	check(os.WriteFile("/tmp/kept", []byte("kept"), 0o600) == nil)
	kept, err := os.ReadFile("/tmp/kept")
	check(err == nil && string(kept) == "kept")
}
