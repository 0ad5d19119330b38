// Every .proto of the sample game, for Routes::build. Included by .cpp files only.
#pragma once
#include <vector>

#include "common/game/sample/block.pb.h"
#include "common/game/sample/guild.pb.h"
#include "common/game/sample/sample.pb.h"

namespace dure::sample {

inline std::vector<const google::protobuf::FileDescriptor*> message_files() {
  return {BuyRequest::descriptor()->file(), BlockRequest::descriptor()->file(),
          GuildRequest::descriptor()->file()};
}

}  // namespace dure::sample
