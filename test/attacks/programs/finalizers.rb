# wants: timeout|ok|memory; timeoutMs=800; within 1200 ms; stdout starts with "start"
# Finalizers that make objects with finalizers while the interpreter is being taken apart.
$stdout.sync = true
puts "start"
again = proc { 2.times { ObjectSpace.define_finalizer(Object.new, again) } }
1000.times { ObjectSpace.define_finalizer(Object.new, again) }
GC.start
