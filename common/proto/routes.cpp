#include "common/proto/routes.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>

#include "common/base/check.h"
#include "common/proto/chat.pb.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/content.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/dungeon.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"
#include "common/proto/operator.pb.h"
#include "common/proto/party.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/rollback.pb.h"
#include "common/proto/route.pb.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/trade.pb.h"

namespace dure {

bool RouteInfo::goes_to(Role role) const { return to_any || std::find(to.begin(), to.end(), role) != to.end(); }

namespace {

Role role_of(proto::RoleName name) {
  switch (name) {
    case proto::GATEWAY:
      return Role::kGateway;
    case proto::GENERAL:
      return Role::kGeneral;
    case proto::DUNGEON:
      return Role::kDungeon;
    case proto::CHAT:
      return Role::kChat;
    case proto::DBAGENT:
      return Role::kDbagent;
    default:
      return Role::kNone;
  }
}

RouteInfo info_of(const google::protobuf::Descriptor* descriptor, const proto::Route& route) {
  RouteInfo info;
  info.id = route.id();
  info.name = descriptor->name();
  for (int i = 0; i < route.to_size(); ++i) {
    if (route.to(i) == proto::CLIENT)
      info.to_client = true;
    else if (route.to(i) == proto::ANY_ROLE)
      info.to_any = true;
    else
      info.to.push_back(role_of(route.to(i)));
  }
  info.from_client = route.from() == proto::FROM_CLIENT;
  info.phase = static_cast<Phase>(route.phase());
  info.rate = static_cast<RateClass>(route.rate());
  info.latest = route.frame() == proto::LATEST;
  info.answer = route.answer();
  info.slo_ms = route.slo_ms();
  info.developer_only = route.developer_only();
  info.reply = route.reply();
  info.descriptor = descriptor;
  return info;
}

bool goes_to_client(const google::protobuf::Descriptor* descriptor) {
  if (!descriptor->options().HasExtension(proto::route)) return false;
  const proto::Route& route = descriptor->options().GetExtension(proto::route);
  return std::find(route.to().begin(), route.to().end(), proto::CLIENT) != route.to().end();
}

}  // namespace

Result<Routes> Routes::build(const std::vector<const google::protobuf::FileDescriptor*>& files) {
  Routes routes;
  for (const auto* file : files)
    for (int i = 0; i < file->message_type_count(); ++i) {
      const auto* descriptor = file->message_type(i);
      if (!descriptor->options().HasExtension(proto::route)) continue;
      RouteInfo info = info_of(descriptor, descriptor->options().GetExtension(proto::route));
      const std::string where = file->name() + ": " + info.name;
      if (info.id == 0 || info.id > 0xffff) return fail(Trouble::kInvalid, where + ": id must be 1..65535");
      if (info.to.empty() && !info.to_client && !info.to_any)
        return fail(Trouble::kInvalid, where + ": says not where it goes");
      const auto* reply = info.reply.empty() ? nullptr : file->FindMessageTypeByName(info.reply);
      if (!info.reply.empty() && reply == nullptr)
        return fail(Trouble::kInvalid, where + ": reply " + info.reply + " is not in this file");
      if (info.from_client && reply != nullptr && !goes_to_client(reply))
        return fail(Trouble::kInvalid, where + ": reply " + info.reply + " has no route to the client");
      if (info.from_client && info.rate == RateClass::kFree && !info.goes_to(Role::kGateway))
        return fail(Trouble::kInvalid, where + ": only what the gateway itself answers may be free of a rate class");
      const std::uint32_t id = info.id;
      const auto [at, fresh] = routes.by_id_.emplace(id, std::move(info));
      if (!fresh)
        return fail(Trouble::kInvalid, where + ": id " + std::to_string(id) + " is taken by " + at->second.name);
    }
  routes.flat_.assign(routes.by_id_.empty() ? 0 : routes.by_id_.rbegin()->first + 1, nullptr);
  for (const auto& [id, info] : routes.by_id_) routes.flat_[id] = &info;
  return routes;
}

const RouteInfo* Routes::find(std::uint32_t id) const { return id < flat_.size() ? flat_[id] : nullptr; }

std::vector<const google::protobuf::FileDescriptor*> engine_files() {
  return {proto::Hello::descriptor()->file(),          proto::LoginRequest::descriptor()->file(),
          proto::PlayerState::descriptor()->file(),    proto::OpenInstance::descriptor()->file(),
          proto::SayRequest::descriptor()->file(),     proto::PartyHeld::descriptor()->file(),
          proto::AcquireRequest::descriptor()->file(), proto::MoveFreeze::descriptor()->file(),
          proto::TradeVote::descriptor()->file(),      proto::ItemLifeQuery::descriptor()->file(),
          proto::FactsQuery::descriptor()->file(),     proto::PlayerAtQuery::descriptor()->file(),
          proto::ContentLoad::descriptor()->file()};
}

std::uint32_t route_id(const google::protobuf::Descriptor* descriptor) {
  CHECK_MSG(descriptor->options().HasExtension(proto::route), descriptor->full_name());
  return descriptor->options().GetExtension(proto::route).id();
}

bool parse_strict(std::string_view bytes, google::protobuf::Message* message) {
  google::protobuf::io::ArrayInputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream stream(&array);
  stream.SetRecursionLimit(16);
  return message->ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage();
}

}  // namespace dure
