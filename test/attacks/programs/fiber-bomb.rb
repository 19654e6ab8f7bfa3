# wants: memory|error|timeout; timeoutMs=2500; within 2900 ms; stdout starts with "start"
# Fibers that never end, each with a stack of its own and two pages that keep it from merging.
$stdout.sync = true
puts "start"
kept = []
loop { kept << Fiber.new { Fiber.yield("x" * 5000) }.tap(&:resume) }
