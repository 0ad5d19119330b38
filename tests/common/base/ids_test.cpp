#include "common/base/ids.h"

#include <gtest/gtest.h>

#include <string>

#include "common/base/result.h"

namespace dure {
namespace {

TEST(Ids, NodesReadAsTheyAreWritten) {
  for (const Role role : {Role::kGateway, Role::kGeneral, Role::kDungeon, Role::kChat, Role::kDbagent, Role::kTool})
    for (const std::uint16_t number : {1, 2, 255, 65535}) {
      const NodeId node(role, number);
      EXPECT_EQ(node_from_text(to_text(node)), node);
      EXPECT_EQ(node.role(), role);
      EXPECT_EQ(node.number(), number);
    }
}

TEST(Ids, AliasesAndTheUnitedServerAreUnderstood) {
  EXPECT_EQ(node_from_text("lobby-2"), NodeId(Role::kGeneral, 2));
  EXPECT_EQ(node_from_text("community-1"), NodeId(Role::kChat, 1));
  EXPECT_EQ(node_from_text("all-1/general"), NodeId(Role::kGeneral, 1));
  EXPECT_EQ(node_from_text("all-7/lobby"), NodeId(Role::kGeneral, 7));
}

TEST(Ids, WhatIsNoNodesNameIsNone) {
  for (const char* bad : {"",
                          "-",
                          "gateway",
                          "gateway-",
                          "gateway-0",
                          "gateway--1",
                          "gateway-65536",
                          "gateway-1x",
                          "gateway- 1",
                          "gateway-+1",
                          "gateway-99999999999",
                          "Gateway-1",
                          "none-1",
                          "wizard-1",
                          "all-1",
                          "all-1/",
                          "all-1/none",
                          "all/general",
                          "/general",
                          "gateway-1/",
                          "-1"})
    EXPECT_FALSE(node_from_text(bad)) << bad;
}

TEST(Ids, NothingIsWrittenAsNone) { EXPECT_EQ(to_text(NodeId()), "none"); }

TEST(Ids, ItemsReadAsTheyAreWritten) {
  const ItemId item{0x0123456789abcdefull, 0xfedcba9876543210ull};
  EXPECT_EQ(to_text(item), "0123456789abcdeffedcba9876543210");
  EXPECT_EQ(item_from_text(to_text(item)), item);
  EXPECT_EQ(item_from_text("FFFFFFFFFFFFFFFFffffffffffffffff"), (ItemId{~0ull, ~0ull}));
}

TEST(Ids, LeadingZerosOfEitherHalfAreShown) {
  EXPECT_EQ(hex128(0, 0), "00000000000000000000000000000000");
  EXPECT_EQ(hex128(0xa, 0x77), "000000000000000a0000000000000077");
}

TEST(Ids, WhatIsNoItemIsNone) {
  for (const std::string& bad :
       {std::string(), std::string("0123"), std::string(31, 'a'), std::string(33, 'a'), std::string(32, 'g'),
        "-" + std::string(31, '1'), "0x" + std::string(30, '1'), std::string(16, '1') + " " + std::string(15, '1'),
        std::string(31, '1') + "g", std::string(15, '1') + "g" + std::string(16, '1'), std::string(32, '\0')})
    EXPECT_FALSE(item_from_text(bad)) << bad;
}

TEST(Ids, EveryTroubleAndRoleHasAWord) {
  for (int i = 0; i <= static_cast<int>(Trouble::kIo); ++i) EXPECT_STRNE(to_text(static_cast<Trouble>(i)), "unknown");
  for (const char* name : {"gateway", "general", "dungeon", "chat", "dbagent", "tool"})
    EXPECT_STREQ(to_text(role_from_text(name)), name);
  EXPECT_EQ(role_from_text(""), Role::kNone);
  EXPECT_STREQ(to_text(Role::kNone), "none");
  EXPECT_STREQ(to_text(static_cast<Role>(99)), "none") << "as it may stand in bytes from elsewhere";
  EXPECT_STREQ(to_text(static_cast<Trouble>(99)), "unknown");
}

}  // namespace
}  // namespace dure
