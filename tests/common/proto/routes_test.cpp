#include "common/proto/routes.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include "common/base/check.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/route.pb.h"
#include "common/proto/value.pb.h"

namespace dure {
namespace {

// A .proto file made up by a test: messages with routes, on top of route.proto.
class MadeUp {
 public:
  MadeUp() : pool_(google::protobuf::DescriptorPool::generated_pool()) {
    file_.set_name("made_up.proto");
    file_.set_package("made.up");
    file_.set_syntax("proto3");
    file_.add_dependency("common/proto/route.proto");
  }
  MadeUp& message(const std::string& name, const proto::Route& route) {
    auto* message = file_.add_message_type();
    message->set_name(name);
    *message->mutable_options()->MutableExtension(proto::route) = route;
    return *this;
  }
  MadeUp& plain(const std::string& name) {
    file_.add_message_type()->set_name(name);
    return *this;
  }
  const google::protobuf::FileDescriptor* build() { return pool_.BuildFile(file_); }

 private:
  google::protobuf::DescriptorPool pool_;
  google::protobuf::FileDescriptorProto file_;
};

proto::Route route(std::uint32_t id, proto::RoleName to = proto::GENERAL) {
  proto::Route r;
  r.set_id(id);
  if (to != proto::NONE) r.add_to(to);
  return r;
}

TEST(Routes, TheEnginesFilesBuild) {
  const auto routes = Routes::build(engine_files());
  ASSERT_TRUE(routes) << routes.error().detail;
  const RouteInfo* login = routes->find(100);
  ASSERT_NE(login, nullptr);
  EXPECT_EQ(login->name, "LoginRequest");
  EXPECT_TRUE(login->from_client);
  EXPECT_TRUE(login->goes_to(Role::kGateway));
  EXPECT_FALSE(login->goes_to(Role::kGeneral));
  EXPECT_EQ(login->phase, Phase::kConnected);
  EXPECT_EQ(login->rate, RateClass::kLogin);
  EXPECT_EQ(login->slo_ms, 1500u);
}

TEST(Routes, UnknownIdsAreFoundNowhere) {
  const auto routes = Routes::build(engine_files());
  ASSERT_TRUE(routes);
  for (const std::uint32_t id : {0u, 9999u, 65535u, 65536u, 0xffffffffu}) EXPECT_EQ(routes->find(id), nullptr) << id;
}

TEST(Routes, FindAgreesWithTheTableAfterAMove) {
  auto built = Routes::build(engine_files());
  ASSERT_TRUE(built);
  const Routes routes = std::move(*built);
  for (const auto& [id, info] : routes.all()) EXPECT_EQ(routes.find(id), &info);
}

TEST(Routes, EveryClientRequestHasAReplyAClientUnderstands) {
  const auto routes = Routes::build(engine_files());
  ASSERT_TRUE(routes);
  for (const auto& [id, info] : routes->all()) {
    if (!info.from_client) continue;
    EXPECT_FALSE(info.to_client) << info.name;
    EXPECT_TRUE(info.phase != Phase::kAlways || info.goes_to(Role::kGateway))
        << info.name << ": say when it may be sent";
    if (info.reply.empty()) {
      EXPECT_TRUE(info.latest) << info.name << ": only a stream of positions goes unanswered";
      continue;
    }
    const auto* reply = info.descriptor->file()->FindMessageTypeByName(info.reply);
    ASSERT_NE(reply, nullptr) << info.name;
    const RouteInfo* answer = routes->find(route_id(reply));
    ASSERT_NE(answer, nullptr) << info.name;
    EXPECT_TRUE(answer->to_client) << info.name;
  }
}

TEST(Routes, EveryPromiseIsMadeByARequestWithAReply) {
  const auto routes = Routes::build(engine_files());
  ASSERT_TRUE(routes);
  for (const auto& [id, info] : routes->all()) EXPECT_TRUE(info.answer == 0 || !info.reply.empty()) << info.name;
}

TEST(Routes, RepliesBetweenServersExistToo) {
  const auto routes = Routes::build(engine_files());
  ASSERT_TRUE(routes);
  for (const auto& [id, info] : routes->all())
    EXPECT_TRUE(info.reply.empty() || info.descriptor->file()->FindMessageTypeByName(info.reply) != nullptr)
        << info.name;
}

TEST(Routes, ADuplicateIdIsRefusedByBothNames) {
  MadeUp file;
  const auto* descriptor = file.message("First", route(20000)).message("Second", route(20000)).build();
  ASSERT_NE(descriptor, nullptr);
  const auto routes = Routes::build({descriptor});
  ASSERT_FALSE(routes);
  EXPECT_NE(routes.error().detail.find("First"), std::string::npos) << routes.error().detail;
  EXPECT_NE(routes.error().detail.find("Second"), std::string::npos) << routes.error().detail;
}

TEST(Routes, AGamesIdThatTheEngineHasIsRefused) {
  MadeUp file;
  auto files = engine_files();
  files.push_back(file.message("Mine", route(100)).build());
  EXPECT_FALSE(Routes::build(files));
}

TEST(Routes, IdsOutOfRangeAreRefused) {
  for (const std::uint32_t id : {0u, 65536u}) {
    MadeUp file;
    EXPECT_FALSE(Routes::build({file.message("Wrong", route(id)).build()})) << id;
  }
}

TEST(Routes, AMessageThatGoesNowhereIsRefused) {
  MadeUp file;
  EXPECT_FALSE(Routes::build({file.message("Lost", route(20000, proto::NONE)).build()}));
}

TEST(Routes, AReplyThatDoesNotExistIsRefused) {
  MadeUp file;
  auto r = route(20000);
  r.set_reply("NobodyReply");
  EXPECT_FALSE(Routes::build({file.message("Ask", r).build()}));
}

TEST(Routes, AClientRequestWhoseReplyIsNotForClientsIsRefused) {
  auto ask = route(20000);
  ask.set_from(proto::FROM_CLIENT);
  ask.set_rate(proto::ACT);
  ask.set_phase(proto::WORLD);
  ask.set_reply("AskReply");
  MadeUp plain;
  EXPECT_FALSE(Routes::build({plain.message("Ask", ask).plain("AskReply").build()}));
  MadeUp peer;
  EXPECT_FALSE(Routes::build({peer.message("Ask", ask).message("AskReply", route(20001)).build()}));
  MadeUp good;
  EXPECT_TRUE(Routes::build({good.message("Ask", ask).message("AskReply", route(20001, proto::CLIENT)).build()}));
}

TEST(Routes, AClientRequestThatLeavesTheGatewayWithoutARateClassIsRefused) {
  auto ask = route(20000);
  ask.set_from(proto::FROM_CLIENT);
  ask.set_phase(proto::WORLD);
  MadeUp free;
  EXPECT_FALSE(Routes::build({free.message("Ask", ask).build()}));
  ask.set_rate(proto::ACT);
  MadeUp paid;
  EXPECT_TRUE(Routes::build({paid.message("Ask", ask).build()}));
}

TEST(Routes, MessagesWithoutARouteAreNotInTheTable) {
  MadeUp file;
  const auto routes = Routes::build({file.plain("Part").build()});
  ASSERT_TRUE(routes);
  EXPECT_TRUE(routes->all().empty());
  EXPECT_EQ(routes->find(0), nullptr);
  EXPECT_THROW(route_id(proto::Item::descriptor()), CheckFailed);
}

}  // namespace
}  // namespace dure
