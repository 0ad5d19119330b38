// What a wire boundary must refuse, whoever sent it.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <string>

#include "common/proto/gateway.pb.h"
#include "common/proto/routes.h"
#include "common/proto/value.pb.h"

namespace dure {
namespace {

// A list in a list in a list …: google.protobuf.Value → ListValue → Value, two levels of nesting each.
std::string nested(int levels) {
  google::protobuf::Value value;
  value.set_number_value(1);
  for (int i = 0; i < levels; ++i) {
    google::protobuf::Value outer;
    *outer.mutable_list_value()->add_values() = value;
    value = outer;
  }
  std::string bytes;
  value.SerializeToString(&bytes);
  return bytes;
}

TEST(ParseStrict, TakesWhatItWrote) {
  proto::LoginRequest in, out;
  in.set_account("kim");
  in.set_protocol_version(1);
  std::string bytes;
  in.SerializeToString(&bytes);
  ASSERT_TRUE(parse_strict(bytes, &out));
  EXPECT_EQ(out.account(), "kim");
  EXPECT_TRUE(parse_strict("", &out));
}

TEST(ParseStrict, NestingOfSixteenPassesAndDeeperDoesNot) {
  google::protobuf::Value value;
  EXPECT_TRUE(parse_strict(nested(8), &value));
  EXPECT_FALSE(parse_strict(nested(9), &value));
  EXPECT_FALSE(parse_strict(nested(50), &value));
  EXPECT_FALSE(parse_strict(nested(1000), &value));
}

TEST(ParseStrict, SixteenKibibytesOfOpenGroupsAreRefused) {
  proto::Amount amount;
  EXPECT_FALSE(parse_strict(std::string(16 * 1024, '\x1b'), &amount));  // start-group tags of an unknown field
}

TEST(ParseStrict, TrailingBytesAreRefused) {
  proto::Amount amount;
  amount.set_value(5);
  std::string bytes;
  amount.SerializeToString(&bytes);
  EXPECT_FALSE(parse_strict(bytes + std::string(1, '\0'), &amount));  // field number 0
  EXPECT_FALSE(parse_strict(bytes + "\x0c", &amount));                // an end of a group that never began
  EXPECT_FALSE(parse_strict(bytes + "\x10", &amount));                // a tag without its value
}

TEST(ParseStrict, CutAtEveryLengthNeverPassesForTheWhole) {
  proto::Character in, out;
  in.set_player_id(~0ull);
  in.set_name("dure");
  in.set_level(300);
  std::string bytes;
  in.SerializeToString(&bytes);
  for (std::size_t length = 0; length < bytes.size(); ++length)
    if (parse_strict(std::string_view(bytes).substr(0, length), &out)) {
      std::string again;
      out.SerializeToString(&again);
      EXPECT_EQ(again.size(), length);  // the cut fell between two fields
    }
}

TEST(ParseStrict, AVarintOfMoreThanTenBytesIsRefused) {
  proto::Amount amount;
  EXPECT_TRUE(parse_strict("\x10" + std::string(9, '\xff') + "\x01", &amount));
  EXPECT_FALSE(parse_strict("\x10" + std::string(10, '\xff') + "\x01", &amount));
  EXPECT_FALSE(parse_strict("\x10" + std::string(9, '\xff'), &amount));
  EXPECT_FALSE(parse_strict(std::string(11, '\xff'), &amount));
}

TEST(ParseStrict, WrongWireTypesAndNonsenseAreRefused) {
  proto::Amount amount;
  EXPECT_FALSE(parse_strict("\x0e", &amount));                      // wire type 6
  EXPECT_FALSE(parse_strict("\x0f", &amount));                      // wire type 7
  EXPECT_FALSE(parse_strict("\x0a\xff\xff\xff\xff\x0f", &amount));  // a string of 4 GiB
  EXPECT_FALSE(
      parse_strict("\x0a\x05"
                   "abc",
                   &amount));                               // a string that is cut
  EXPECT_FALSE(parse_strict("\x0a\x02\xC0\xAF", &amount));  // a string that is not UTF-8
}

TEST(ParseStrict, UnknownFieldsAreIgnored) {
  proto::Amount amount;
  EXPECT_TRUE(parse_strict("\x10\x05\xf8\x07\x01", &amount));
  EXPECT_EQ(amount.value(), 5);
}

}  // namespace
}  // namespace dure
