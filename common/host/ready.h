// Tells whoever started this process that it serves: writes "ready\n" to the descriptor named by DURE_READY_FD and
// closes it. Nothing happens without that variable. Once, main thread.
#pragma once

namespace dure {

void notify_ready();

}  // namespace dure
