# wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
require "date"
require "digest"
require "json"
require "set"
require "tempfile"
require "zlib"

puts [5, 3, 9, 1, 8, 2].sort.join(" ")
puts "abacab".chars.tally.map { |letter, count| "#{letter}=#{count}" }.join(" ")
puts format("%.4f", Math::PI)
puts Date.new(2026, 11, 22).iso8601.gsub("-", "/")
puts "Hello".unpack1("H*")

def check(holds) = holds || raise("the library is not what it was")

check JSON.parse(JSON.generate({ "a" => [1, nil, "é"] })) == { "a" => [1, nil, "é"] }
check Digest::SHA256.hexdigest("abc").start_with?("ba7816bf")
check Zlib.inflate(Zlib.deflate("x" * 1000)).length == 1000
check Set[1, 2, 2].size == 2
check 2**64 == 18_446_744_073_709_551_616
check Rational(1, 3) + Rational(2, 3) == 1
Tempfile.create("tour") do |file|
  file.write("kept")
  file.rewind
  check file.read == "kept"
end
