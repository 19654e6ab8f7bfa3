-- wants: ok; stdout is "5000050000\n"
-- The nearest there is: coroutines, which take turns.
local total = 0
local threads = {}
for slot = 0, 3 do
  threads[slot + 1] = coroutine.create(function()
    for n = slot * 25000 + 1, (slot + 1) * 25000 do
      total = total + n
      if n % 100 == 0 then coroutine.yield() end
    end
  end)
end
local turns = 0
while #threads > 0 do
  for i = #threads, 1, -1 do
    assert(coroutine.resume(threads[i]))
    turns = turns + 1
    if coroutine.status(threads[i]) == "dead" then table.remove(threads, i) end
  end
end
assert(turns > 1000)
print(total)
