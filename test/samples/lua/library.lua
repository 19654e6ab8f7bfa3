-- wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
local numbers = { 5, 3, 9, 1, 8, 2 }
table.sort(numbers)
print(table.concat(numbers, " "))
local counts = {}
for letter in ("abacab"):gmatch(".") do counts[letter] = (counts[letter] or 0) + 1 end
print(("a=%d b=%d c=%d"):format(counts.a, counts.b, counts.c))
print(("%.4f"):format(math.pi))
local day = os.date("!%Y-%m-%d", 1795305600)
print((day:gsub("-", "/")))
print((("Hello"):gsub(".", function(letter) return ("%02x"):format(letter:byte()) end)))

assert(string.unpack("<I4", string.pack("<I4", 123456)) == 123456)
assert(select("#", table.unpack({ 1, 2, 3 })) == 3 and 7 // 2 == 3 and 1 << 10 == 1024)
assert(math.type(1) == "integer" and math.tointeger(3.0) == 3 and math.maxinteger + 1 == math.mininteger)
assert(("key=value"):match("^(%w+)=(%w+)$") == "key")
assert(pcall(error, "x") == false and tostring(nil) == "nil")
assert(load("return 1 + 1")() == 2)
local object = setmetatable({}, { __index = function(_, key) return key .. "!" end })
assert(object.name == "name!")
local name = os.tmpname()
local file = assert(io.open(name, "w"))
file:write("kept")
file:close()
assert(io.open(name):read("a") == "kept")
