# Warms Ruby up for one program. Ruby loads this file (-r) after it has looked at the script's first
# byte and before it reads on; ruby.so then has it wait for the job, outside of every frame of ours.
#
# What a short program does is done here once, with harmless content, because in the sandbox code that
# has never run is slow code. Nothing may be required or defined that a program would then find:
# libraries are only looked up, so that a later `require` finds them sooner.

MAIN = "/workspace/main.rb"
LOOKED_UP = %w[json date time digest stringio set securerandom bigdecimal ostruct].freeze
# Makes room for as many objects as most programs ever make, so that none is collected meanwhile.
SPARE_OBJECTS = 60_000

WARM_PROGRAM = <<~'RUBY'
  point = Struct.new(:x, :y) { def to_s = "(#{x}, #{y})" }
  kind = Class.new do
    include Comparable
    attr_accessor :size
    def initialize(size:) = @size = size
    def <=>(other) = size <=> other.size
    def method_missing(name, *rest, **named, &block) = name == :warm ? rest.sum : super
    def respond_to_missing?(name, all = false) = name == :warm || super
  end
  numbers = (1..20).map { |n| n * n }.select(&:even?).each_slice(3).to_a
  counts = Hash.new(0)
  "hello, wörld".each_char { |char| counts[char] += 1 }
  words = %w[b a c].sort.each_with_index.to_h { |word, at| [word.to_sym, at] }
  puts "#{point.new(1, 2)}", numbers.flatten.inject(:+), counts.sort_by { |key, n| [-n, key] }.first.inspect
  puts [kind.new(size: 2), kind.new(size: 1)].min.size, kind.new(size: 1).warm(1, 2)
  puts "a-b c".gsub(/(\w)-(\w)/) { "#{$2}#{$1}" }.split.join("+").upcase.tr("A-C", "x"), "x" =~ /X/i
  p words, 1.5, nil, :a, "é", 2**70, 1r, [1, [2]], { "a" => 1, b: nil }
  print 7.fdiv(2).round(2), " ", 10.divmod(3), "\n"
  printf("%05d %-5s|%.3f %x\n", 42, "ab", 3.14159, 255)
  $stderr.puts format("%s", Time.now.strftime("%F %T"))
  warn "warm"
  case { name: "x", list: [1, 2] }
  in { name: String => name, list: [first, *] } then puts name, first
  end
  each = Enumerator.new { |out| 3.times { |n| out << n } }.lazy.map { |n| n + 1 }.first(2)
  fib = ->(n) { n < 2 ? n : fib.(n - 1) + fib.(n - 2) }
  puts fib.(10), each.sum, rand(3).class, [3, 1].shuffle.size, Integer("12"), Float("1.5")
  begin
    Integer("x")
  rescue ArgumentError, TypeError => error
    puts error.message, error.full_message(highlight: false)
  ensure
    puts catch(:done) { throw :done, 1 }
  end
  $stdout.flush
RUBY

WARM_FAILURES = ["nothing_like_this", "nil.upcas", "[1].frist", "raise 'warm'", "1 / 0"].freeze

def warm_up
  scope = Object.new.instance_eval { binding }
  eval(WARM_PROGRAM, scope, "warm")
  WARM_FAILURES.each do |code|
    eval(code, scope, "warm")
  rescue StandardError => error
    $stderr.puts error.full_message(highlight: false)
  end
  LOOKED_UP.each { |name| Gem::Specification.stubs_for(name).each(&:to_spec) }
  Array.new(SPARE_OBJECTS) { Object.new }
  nil
end

# The script has been opened by now, and of what stood in for it one byte has been read ahead.
def drop_stand_in
  ObjectSpace.each_object(File) { |file| file.getbyte if !file.closed? && file.path == MAIN }
end

def forget_all
  %i[warm_up drop_stand_in forget_all].each { |name| Object.send(:remove_method, name) }
  %i[MAIN LOOKED_UP SPARE_OBJECTS WARM_PROGRAM WARM_FAILURES].each { |name| Object.send(:remove_const, name) }
end

# What a session's cells need besides; ruby.so takes it away from here.
CODERUNNER_CELLS = eval(File.read("#{__dir__}/cells.rb"), Object.new.instance_eval { binding }, "#{__dir__}/cells.rb")
CODERUNNER_CELLS.warm_up
CODERUNNER_CELLS.singleton_class.send(:remove_method, :warm_up)
warm_up
drop_stand_in
forget_all
GC.start
