# wants: ok; stdout is "done\n"; stderr is ""
# Looks for what waited for it among all objects, frames, threads, files and methods there are.
ours = /coderunner|stand-in|warm_up/
GC.disable
puts ObjectSpace.each_object(IO).reject(&:closed?).map(&:inspect).grep(ours)
puts ObjectSpace.each_object(Module).flat_map { |m| (m.methods(false) + m.instance_methods(false)).map(&:to_s) }.grep(ours)
puts ObjectSpace.each_object(Binding).flat_map { |b| b.local_variables.map(&:to_s) }.grep(ours)
puts Thread.list.flat_map(&:backtrace).grep(ours), caller.grep(ours), $LOADED_FEATURES.grep(ours), ENV.to_a.flatten.grep(ours)
puts ObjectSpace.each_object(Proc).filter_map(&:source_location).map(&:first).grep(ours)
puts Object.constants.map(&:to_s).grep(/WARM|SPARE/)
puts "done"
