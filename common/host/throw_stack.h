// Where an exception was thrown. A hook on __cxa_throw notes the program counters of every throw in the throwing
// thread; last() turns those of this thread's latest throw into "function file:line" lines (libbacktrace; needs -g1).
// Noting costs some microseconds a throw, symbolising the first stack up to a second: it happens only when asked.
// Any thread; a rethrow keeps the first stack.
#pragma once
#include <string>

#include "common/logic/seams.h"

namespace dure {

class HostThrowStack : public ThrowStack {
 public:
  HostThrowStack();
  std::string last() override;
};

}  // namespace dure
