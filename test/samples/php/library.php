<?php // wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
$numbers = [5, 3, 9, 1, 8, 2];
sort($numbers);
echo implode(" ", $numbers), "\n";
$counts = array_count_values(str_split("abacab"));
echo implode(" ", array_map(fn ($letter, $count) => "$letter=$count", array_keys($counts), $counts)), "\n";
printf("%.4f\n", M_PI);
echo preg_replace("/-/", "/", (new DateTimeImmutable("2026-11-22"))->format("Y-m-d")), "\n";
echo bin2hex("Hello"), "\n";

function check(bool $holds): void
{
    $holds or throw new LogicException("the library is not what it was");
}

check(json_decode(json_encode(["a" => [1, null, "é"]]), true) === ["a" => [1, null, "é"]]);
check(str_starts_with(hash("sha256", "abc"), "ba7816bf"));
check(base64_decode(base64_encode("\0\xff")) === "\0\xff");
check(unserialize(serialize([1, 2])) === [1, 2]);
check(intdiv(7, 2) === 3 && max(1, 5, 3) === 5);
$heap = new SplMinHeap();
array_map($heap->insert(...), [3, 1, 2]);
check($heap->extract() === 1);
check(iterator_to_array((function () { yield 1; yield 2; })()) === [1, 2]);
$kept = tempnam(sys_get_temp_dir(), "tour");
file_put_contents($kept, "kept");
check(file_get_contents($kept) === "kept");
