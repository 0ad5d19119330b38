// Any text as a configuration: read, or refused with its place; never half of both.
#include "tools/config/config.h"

#include "common/base/check.h"
#include "common/proto/config.pb.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = dure::parse_config({reinterpret_cast<const char*>(data), size}, "fuzz.toml");
  if (config)
    CHECK(!config->base().cluster().cluster_id().empty());
  else
    CHECK(!config.error().detail.empty());
  return 0;
}
