# wants: memory; timeoutMs=9000; within 9400 ms; stdout is "start\n"
# Small objects and symbols, which the collector has to look at again and again.
$stdout.sync = true
puts "start"
kept = {}
(0..).each { |n| kept[:"symbol#{n}"] = [n.to_s, { n => n.to_f }] }
