# wants: output_limit; within 2900 ms; stdoutBytes >= 10000000; stderrBytes >= 10000000
# Writes to both streams without ever stopping.
line = "x" * 65_536
loop do
  $stdout.syswrite(line)
  $stderr.syswrite(line)
end
