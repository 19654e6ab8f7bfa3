# wants: ok|error|timeout|signal; timeoutMs=800; within 1200 ms; stdout starts with "start"
# Calls what answers for the library with nonsense, then takes the interpreter apart under itself.
$stdout.sync = true
$VERBOSE = nil
hook = RubyVM::InstructionSequence
[nil, 5, "", "x" * 100_000, "/usr/lib/ruby/3.3.0/set.rb\0", Object.new].each do |path|
  hook.send(:load_iseq, path)
rescue StandardError
  nil
end
puts "start"
class << hook
  def load_iseq(path) = raise(path)
end
class Object
  def require(*) = exit!(9)
  def at_exit(*) = nil
end
class IO
  def write(*) = 0
  def fileno = -1
end
class Array
  def each = loop {}
end
Object.constants.each { |name| Object.send(:remove_const, name) if name != :Object }
