-- wants: timeout; timeoutMs=1500; stdout is "started\n"
io.stdout:setvbuf("no")
print("started")
local stop = os.time() + 60
local count = 0
while os.time() < stop do
  count = count + 1
end
print("never")
