# wants: ok; args ["a b", "", "-x", "ü*", "--", "$HOME"]; stdout is "6\n[a b]\n[]\n[-x]\n[ü*]\n[--]\n[$HOME]\n"
puts ARGV.length
ARGV.each { |argument| puts "[#{argument}]" }
