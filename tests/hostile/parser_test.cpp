// Bodies that do not parse, values out of range, messages in the wrong state: through port and gateway, as a client's
// bytes go.
#include <google/protobuf/descriptor.h>

#include "tests/gateway/gateway_fixture.h"

namespace dure::test {
namespace {

class HostileParser : public GatewayTest {
 protected:
  // A frame of a fresh connection, before login.
  std::vector<Seen> say_first(std::uint16_t id, const std::string& body) {
    const ClientId client(++next_);
    open(client);
    port_.received(client, encode_frame(id, 1, body), cluster_.now);
    settle();
    last_ = client;
    return seen(client);
  }
  std::uint64_t next_ = 100;
  ClientId last_;
};

TEST_F(HostileParser, ABodyThatDoesNotParseIsAnsweredOnceAndClosed) {
  const std::vector<std::string> bodies{
      "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  // a varint of eleven bytes
      "\x0e",                                              // wire type 6
      "\x1a\x7f"
      "abc",                     // a string that is cut
      std::string("\0\0", 2),    // field number 0
      "\x08\x01\x0c",            // an end of a group that never began
      "\x1a\x02\xc0\xaf",        // a name that is not UTF-8
      std::string(900, '\x1b'),  // groups in groups
  };
  const auto login = static_cast<std::uint16_t>(route_id(proto::LoginRequest::descriptor()));
  for (const auto& body : bodies) {
    const auto error = pick<proto::ErrorReply>(say_first(login, body));
    ASSERT_TRUE(error) << testing::PrintToString(body);
    EXPECT_EQ(error->code(), proto::INVALID);
    EXPECT_TRUE(port_.closing(last_)) << testing::PrintToString(body);
  }
  EXPECT_EQ(gateway_.sessions(), 0u);
}

TEST_F(HostileParser, WhatTheOwnerCannotReadClosesItsSender) {
  enter(kMina);
  owner_says(kGeneral, 7, proto::SavedNotice());
  MeshHeader header;
  header.kind = MeshKind::kToClient;
  header.message_id = route_id(proto::ErrorReply::descriptor());
  header.call = CallId(kMina.value);
  header.session = session_;
  header.session_epoch = session_epoch_;
  header.player_epoch = 7;
  proto::ErrorReply error;
  error.set_code(proto::BUSY);
  cluster_.raw(kGeneral, header, error.SerializeAsString());
  settle();
  EXPECT_FALSE(port_.closing(kMina));
  error.set_code(proto::INVALID);
  cluster_.raw(kGeneral, header, error.SerializeAsString());
  settle();
  EXPECT_TRUE(port_.closing(kMina));
}

TEST_F(HostileParser, NamesThatDeceiveNeverReachTheDatabase) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  cluster_.forget_sent();
  for (const std::string& name :
       {std::string("Mina\xe2\x80\xae"), std::string("Mi\0na", 5), std::string("Mi\nna"), std::string("\x1b[31mMina"),
        std::string(900, 'a'), std::string("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"), std::string(),
        std::string("'; DROP TABLE"), std::string("Mi\xe2\x80\x8bna"), std::string("\xd0\x90nna")}) {
    proto::CreateCharacterRequest create;
    create.set_name(name);
    send(kMina, create);
    const auto reply = pick<proto::CreateCharacterReply>(seen(kMina));
    ASSERT_TRUE(reply) << testing::PrintToString(name);
    EXPECT_EQ(reply->code(), proto::INVALID) << testing::PrintToString(name);
    cluster_.run(milliseconds(500), milliseconds(100));
  }
  EXPECT_FALSE(cluster_.take<proto::ReserveName>(kAgent));
  EXPECT_FALSE(port_.closing(kMina));
}

TEST_F(HostileParser, ANameOfSixtyFourKibibytesIsStoppedByItsRateAndItsFrame) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  proto::CreateCharacterRequest create;
  create.set_name(std::string((64 << 10) - 10, 'a'));
  send(kMina, create);
  EXPECT_EQ(pick<proto::CreateCharacterReply>(seen(kMina))->code(), proto::INVALID);
  create.set_name(std::string(64 << 10, 'a'));
  send(kMina, create);
  EXPECT_TRUE(port_.closing(kMina)) << "a frame too long";
}

TEST_F(HostileParser, AFrameForAStateOneIsNotInIsRefusedAndNobodyIsAsked) {
  open(kMina);
  for (const char* name : {"MoveTo", "Echo", "SayRequest", "SelectCharacterRequest", "LeaveWorldRequest"}) {
    std::uint16_t id = 0;
    for (const auto& [number, info] : routes_.all())
      if (info.name == name) id = static_cast<std::uint16_t>(number);
    ASSERT_NE(id, 0) << name;
    port_.received(kMina, encode_frame(id, ++seq_[kMina], ""), cluster_.now);
    settle();
    EXPECT_EQ(pick<proto::ErrorReply>(seen(kMina))->code(), proto::WRONG_STATE) << name;
  }
  ASSERT_TRUE(log_in(kMina).has_characters());
  cluster_.forget_sent();
  proto::LoginRequest again;
  send(kMina, again);
  EXPECT_EQ(pick<proto::ErrorReply>(seen(kMina))->code(), proto::WRONG_STATE) << "logged in already";
  send(kMina, proto::Echo());
  EXPECT_EQ(pick<proto::ErrorReply>(seen(kMina))->code(), proto::WRONG_STATE) << "not in the world";
  EXPECT_TRUE(cluster_.sent(kGeneral).empty());
}

// No list of a client can be long and no number of it can be NaN if there are none in what clients may send.
TEST(HostileMessages, WhatClientsSendHasNoListsAndNoFloatingPoint) {
  const auto routes = Routes::build(engine_files());
  ASSERT_TRUE(routes);
  for (const auto& [id, info] : routes->all()) {
    if (!info.from_client) continue;
    for (int i = 0; i < info.descriptor->field_count(); ++i) {
      const auto* field = info.descriptor->field(i);
      EXPECT_FALSE(field->is_repeated()) << field->full_name();
      EXPECT_NE(field->cpp_type(), google::protobuf::FieldDescriptor::CPPTYPE_DOUBLE) << field->full_name();
      EXPECT_NE(field->cpp_type(), google::protobuf::FieldDescriptor::CPPTYPE_FLOAT) << field->full_name();
    }
  }
}

}  // namespace
}  // namespace dure::test
