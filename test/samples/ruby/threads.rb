# wants: ok; stdout is "5000050000\n"
threads = 4.times.map do |slot|
  Thread.new { (slot * 25_000 + 1..(slot + 1) * 25_000).inject(:+) }
end
puts threads.sum(&:value)
