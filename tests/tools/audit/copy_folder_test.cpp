#include "tools/audit/copy_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace dure {
namespace {

namespace fs = std::filesystem;

class CopyFolderTest : public ::testing::Test {
 protected:
  CopyFolderTest() {
    std::string pattern = (fs::temp_directory_path() / "dure-audit-XXXXXX").string();
    data = mkdtemp(pattern.data());
  }
  ~CopyFolderTest() override { fs::remove_all(data); }
  fs::path folder(const std::string& name) {
    fs::create_directories(data / name);
    std::ofstream(data / name / "shard-1.db") << "x";
    return data / name;
  }
  fs::path data;
};

TEST_F(CopyFolderTest, IsThereAsLongAsItIsUsed) {
  std::string path;
  {
    const CopyFolder copies(data.string());
    path = copies.path();
    std::ofstream(path + "/shard-1.db") << "x";
    EXPECT_TRUE(fs::is_directory(path));
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(CopyFolder((data / "none").string()).path(), "");
}

TEST_F(CopyFolderTest, WhatAnotherProcessLeftIsRemovedAndNothingElse) {
  const fs::path left = folder("audit-aBc123");
  const fs::path kept = folder("audit-of-ours"), backup = folder("backup"), target = folder("target");
  fs::create_directory_symlink(target, data / "audit-symbol");
  std::ofstream(data / "audit-afile1") << "x";
  const CopyFolder used(data.string());
  remove_left_copies(data.string());
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(used.path())) << "somebody holds it";
  EXPECT_TRUE(fs::exists(kept / "shard-1.db"));
  EXPECT_TRUE(fs::exists(backup / "shard-1.db"));
  EXPECT_TRUE(fs::exists(target / "shard-1.db"));
  EXPECT_TRUE(fs::exists(data / "audit-afile1"));
}

}  // namespace
}  // namespace dure
