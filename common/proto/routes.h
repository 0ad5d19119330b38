// The table of all messages, read off the `route` options of the .proto files that a program is built from. Built once
// at start, then read by any thread.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"

namespace google::protobuf {
class Descriptor;
class FileDescriptor;
class Message;
}  // namespace google::protobuf

namespace dure {

enum class Phase : std::uint8_t { kAlways = 0, kConnected = 1, kAccount = 2, kWorld = 3 };
enum class RateClass : std::uint8_t { kFree = 0, kLogin = 1, kMove = 2, kAct = 3, kValue = 4, kTalk = 5, kCostly = 6 };
inline constexpr std::size_t kRateClasses = 7;

struct RouteInfo {
  std::uint32_t id = 0;
  std::string name;
  std::vector<Role> to;  // several: the session's owner
  bool to_client = false;
  bool to_any = false;
  bool from_client = false;
  Phase phase = Phase::kAlways;
  RateClass rate = RateClass::kFree;
  bool latest = false;       // frame class: only the newest matters
  std::uint32_t answer = 0;  // 0 none, 1 APPLIED, 2 SAVED
  std::uint32_t slo_ms = 0;
  bool developer_only = false;
  std::string reply;  // message name
  const google::protobuf::Descriptor* descriptor = nullptr;
  bool goes_to(Role role) const;
};

class Routes {
 public:
  Routes() = default;
  Routes(Routes&&) = default;
  Routes& operator=(Routes&&) = default;
  // Refuses a duplicate id, an id out of its range, a message that goes nowhere, an unknown reply, a client request
  // whose reply has no route to the client, or one without a rate class that is not the gateway's own.
  static Result<Routes> build(const std::vector<const google::protobuf::FileDescriptor*>& files);
  const RouteInfo* find(std::uint32_t id) const;  // nullptr: unknown
  const std::map<std::uint32_t, RouteInfo>& all() const { return by_id_; }

 private:
  std::map<std::uint32_t, RouteInfo> by_id_;
  std::vector<const RouteInfo*> flat_;  // by id: the gateway looks up every frame
};

// The engine's own files; a game adds its own.
std::vector<const google::protobuf::FileDescriptor*> engine_files();
// The id in a message's route option; CHECKs that it has one.
std::uint32_t route_id(const google::protobuf::Descriptor* descriptor);

// Parses as a wire boundary should: everything consumed, nesting at most 16.
[[nodiscard]] bool parse_strict(std::string_view bytes, google::protobuf::Message* message);

}  // namespace dure
