// Whether an address can be listened on now. Any thread.
#pragma once
#include <string>

namespace dure {

// `address`: host:port with or without tcp://. False only if somebody holds it; what cannot be told counts as free.
bool port_free(const std::string& address);

}  // namespace dure
