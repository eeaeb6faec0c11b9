// The container's health check, for mongosh: exits with 0 when this server is the primary.
// The first time it initiates the replica set; MONGO_MEMBER is the address under which the services reach the server.
const NOT_YET_INITIALIZED = 94;
const member = process.env.MONGO_MEMBER || "mongo:27017";
const admin = db.getSiblingDB("admin");

if (admin.hello().isWritablePrimary) {
  quit(0);
}
try {
  admin.adminCommand({ replSetGetStatus: 1 });
} catch (error) {
  if (error.code !== NOT_YET_INITIALIZED) {
    throw error;
  }
  admin.adminCommand({ replSetInitiate: { _id: "rs0", members: [{ _id: 0, host: member }] } });
}
quit(1);
