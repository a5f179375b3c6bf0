"""Every operation of Rekognition's face API by boto3 as it comes from the shelf, told nothing but another endpoint.

usage: boto3-story.py <endpoint> <folder with alice.jpg, alice-again.jpg, party.jpg, landscape.jpg> <bucket that holds party.jpg>
Prints a line for each operation that did what it should.
"""

import json
import re
import sys
import time
from pathlib import Path

import boto3
from botocore.config import Config

endpoint, folder, bucket = sys.argv[1:]
rekognition = boto3.client(
    "rekognition",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
    config=Config(retries={"total_max_attempts": 1}),
)
alice, again, party, landscape = (
    {"Bytes": Path(folder, f"{name}.jpg").read_bytes()} for name in ("alice", "alice-again", "party", "landscape")
)
in_bucket = {"S3Object": {"Bucket": bucket, "Name": "party.jpg"}}
collection = "boto3_story.1-a"
nobody = "00000000-0000-4000-8000-000000000000"
here = {"CollectionId": collection}
missing = {"CollectionId": "missing"}


def check(shape, value, path):
    """Holds an answer against AWS's own service model, which boto3 itself does not: it drops what it does not know."""
    if shape.type_name == "structure":
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{path} has no {unknown}"
        for name, member in value.items():
            check(shape.members[name], member, f"{path}.{name}")
    elif shape.type_name == "list":
        for i, member in enumerate(value):
            check(shape.member, member, f"{path}[{i}]")
    elif shape.type_name == "string":
        assert isinstance(value, str) and value in (getattr(shape, "enum", None) or [value]), f"{path}: {value}"
        # The model's version is an embedder's id here, and no number.
        pattern = shape.metadata.get("pattern") if shape.name != "IndexFacesModelVersion" else None
        assert pattern is None or re.fullmatch(pattern, value), f"{path}: {value}"
    else:
        kinds = (int,) if shape.type_name in ("integer", "long") else (int, float)
        assert isinstance(value, kinds), f"{path}: {value}"
        lowest, highest = (shape.metadata.get(limit, value) for limit in ("min", "max"))
        assert lowest <= value <= highest, f"{path}: {value}"


checked = set()


def check_answer(http_response, model, **_):
    if http_response.status_code == 200:
        check(model.output_shape, json.loads(http_response.content), model.name)
        checked.add(model.name)


rekognition.meta.events.register("after-call.rekognition.*", check_answer)


def fails(name, call, **arguments):
    """The error of a call that must fail, as the typed exception of that name."""
    try:
        call(**arguments)
    except getattr(rekognition.exceptions, name) as error:
        return error.response["Error"]["Message"]
    raise AssertionError(f"{name} was expected")


def done(operation):
    assert operation in checked, operation
    print(operation)


# Photos
faces = rekognition.detect_faces(Image=in_bucket)["FaceDetails"]
areas = [face["BoundingBox"]["Width"] * face["BoundingBox"]["Height"] for face in faces]
assert len(faces) == 3 and areas == sorted(areas, reverse=True), areas
assert all(set(face) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"} for face in faces)
assert rekognition.detect_faces(Image=party, Attributes=["ALL"])["FaceDetails"] == faces
assert rekognition.detect_faces(Image=landscape)["FaceDetails"] == []
fails("InvalidImageFormatException", rekognition.detect_faces, Image={"Bytes": b"no photo"})
fails("InvalidS3ObjectException", rekognition.detect_faces, Image={"S3Object": {"Bucket": bucket, "Name": "no.jpg"}})
fails("InvalidParameterException", rekognition.detect_faces, Image={})
fails("ImageTooLargeException", rekognition.detect_faces, Image={"Bytes": alice["Bytes"] + bytes(5 * 1024 * 1024)})
done("DetectFaces")

compared = rekognition.compare_faces(SourceImage=again, TargetImage=party)
assert len(compared["FaceMatches"]) == 1 and len(compared["UnmatchedFaces"]) == 2, compared
assert compared["FaceMatches"][0]["Similarity"] >= 80
fails("InvalidParameterException", rekognition.compare_faces, SourceImage=landscape, TargetImage=party)
done("CompareFaces")

# Collections
created = rekognition.create_collection(**here)
assert created["StatusCode"] == 200 and created["CollectionArn"].endswith(f"collection/{collection}"), created
message = fails("ResourceAlreadyExistsException", rekognition.create_collection, **here)
assert message.startswith(f"The collection id: {collection} already exists."), message
fails("InvalidParameterException", rekognition.create_collection, CollectionId="no spaces")
done("CreateCollection")

listed = [
    name for page in rekognition.get_paginator("list_collections").paginate(PaginationConfig={"PageSize": 1}) for name in page["CollectionIds"]
]
assert "main" in listed and collection in listed, listed
fails("InvalidPaginationTokenException", rekognition.list_collections, NextToken="nonsense")
done("ListCollections")

described = rekognition.describe_collection(**here)
assert (described["FaceCount"], described["UserCount"]) == (0, 0), described
assert abs(described["CreationTimestamp"].timestamp() - time.time()) < 60, described
assert described["FaceModelVersion"] == created["FaceModelVersion"]
fails("ResourceNotFoundException", rekognition.describe_collection, **missing)

# Faces
indexed = rekognition.index_faces(**here, Image=alice, ExternalImageId="alice:1")
(record,) = indexed["FaceRecords"]
assert record["Face"]["ExternalImageId"] == "alice:1" and indexed["UnindexedFaces"] == [], indexed
assert record["Face"]["BoundingBox"] == record["FaceDetail"]["BoundingBox"]
repeated = rekognition.index_faces(**here, Image=alice, ExternalImageId="alice:1")
assert repeated["FaceRecords"][0]["Face"]["FaceId"] == record["Face"]["FaceId"]
assert rekognition.describe_collection(**here)["FaceCount"] == 1
done("DescribeCollection")

of_party = rekognition.index_faces(**here, Image=in_bucket, ExternalImageId="party", MaxFaces=2, QualityFilter="NONE")
assert len(of_party["FaceRecords"]) == 2, of_party
assert [face["Reasons"] for face in of_party["UnindexedFaces"]] == [["EXCEEDS_MAX_FACES"]], of_party["UnindexedFaces"]
assert rekognition.index_faces(**here, Image=landscape)["FaceRecords"] == []
fails("ResourceNotFoundException", rekognition.index_faces, **missing, Image=alice)
fails("InvalidParameterException", rekognition.index_faces, **here, Image=alice, ExternalImageId="no spaces")
done("IndexFaces")

pages = list(rekognition.get_paginator("list_faces").paginate(**here, PaginationConfig={"PageSize": 2}))
assert [len(page["Faces"]) for page in pages] == [2, 1], pages
alice_face = record["Face"]["FaceId"]
party_faces = [face["Face"]["FaceId"] for face in of_party["FaceRecords"]]
assert {face["FaceId"] for page in pages for face in page["Faces"]} == {alice_face, *party_faces}
assert [face["FaceId"] for face in rekognition.list_faces(**here, FaceIds=[alice_face])["Faces"]] == [alice_face]
fails("ResourceNotFoundException", rekognition.list_faces, **missing)
done("ListFaces")

found = rekognition.search_faces(**here, FaceId=alice_face)
assert found["SearchedFaceId"] == alice_face
assert [match["Face"]["ExternalImageId"] for match in found["FaceMatches"]] == ["party"], found["FaceMatches"]
her_party_face = found["FaceMatches"][0]["Face"]["FaceId"]
other_party_face = next(face for face in party_faces if face != her_party_face)
assert len(rekognition.search_faces(**here, FaceId=alice_face, FaceMatchThreshold=0, MaxFaces=1)["FaceMatches"]) == 1
fails("InvalidParameterException", rekognition.search_faces, **here, FaceId=nobody)
fails("ResourceNotFoundException", rekognition.search_faces, **missing, FaceId=alice_face)
done("SearchFaces")

found = rekognition.search_faces_by_image(**here, Image=again)
similarities = [match["Similarity"] for match in found["FaceMatches"]]
assert {match["Face"]["FaceId"] for match in found["FaceMatches"]} == {alice_face, her_party_face}, found
assert similarities == sorted(similarities, reverse=True) and similarities[-1] >= 80, similarities
assert found["SearchedFaceConfidence"] > 90 and "Width" in found["SearchedFaceBoundingBox"]
message = fails("InvalidParameterException", rekognition.search_faces_by_image, **here, Image=landscape)
assert message.startswith("There are no faces in the image. Should be at least 1."), message
fails("ResourceNotFoundException", rekognition.search_faces_by_image, **missing, Image=again)
done("SearchFacesByImage")

# Users
token = {"ClientRequestToken": f"token-{time.time_ns()}"}
rekognition.create_user(**here, UserId="alice", **token)
rekognition.create_user(**here, UserId="alice", **token)
fails("IdempotentParameterMismatchException", rekognition.create_user, **here, UserId="bob", **token)
fails("ConflictException", rekognition.create_user, **here, UserId="alice")
fails("InvalidParameterException", rekognition.create_user, **here, UserId="no spaces")
fails("ResourceNotFoundException", rekognition.create_user, **missing, UserId="alice")
rekognition.create_user(**here, UserId="bob")
done("CreateUser")

pages = list(rekognition.get_paginator("list_users").paginate(**here, PaginationConfig={"PageSize": 1}))
users = {user["UserId"]: user["UserStatus"] for page in pages for user in page["Users"]}
assert users == {"alice": "CREATED", "bob": "CREATED"} and len(pages) == 2, pages
fails("ResourceNotFoundException", rekognition.list_users, **missing)
done("ListUsers")

associated = rekognition.associate_faces(**here, UserId="alice", FaceIds=[alice_face, nobody])
assert [face["FaceId"] for face in associated["AssociatedFaces"]] == [alice_face], associated
assert associated["UnsuccessfulFaceAssociations"] == [{"FaceId": nobody, "Reasons": ["FACE_NOT_FOUND"]}], associated
assert associated["UserStatus"] == "ACTIVE"
unsuccessful = rekognition.associate_faces(**here, UserId="alice", FaceIds=[other_party_face])["UnsuccessfulFaceAssociations"]
assert unsuccessful[0]["Reasons"] == ["LOW_MATCH_CONFIDENCE"] and unsuccessful[0]["Confidence"] < 75, unsuccessful
unsuccessful = rekognition.associate_faces(**here, UserId="bob", FaceIds=[alice_face])["UnsuccessfulFaceAssociations"]
assert unsuccessful == [{"FaceId": alice_face, "UserId": "alice", "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"]}], unsuccessful
(face,) = rekognition.list_faces(**here, UserId="alice")["Faces"]
assert (face["FaceId"], face["UserId"]) == (alice_face, "alice"), face
assert rekognition.describe_collection(**here)["UserCount"] == 2
fails("ResourceNotFoundException", rekognition.associate_faces, **here, UserId="carol", FaceIds=[alice_face])
done("AssociateFaces")

found = rekognition.search_users(**here, FaceId=her_party_face)
assert found["SearchedFace"] == {"FaceId": her_party_face}, found
assert [match["User"] for match in found["UserMatches"]] == [{"UserId": "alice", "UserStatus": "ACTIVE"}], found
found = rekognition.search_users(**here, UserId="alice", UserMatchThreshold=0)
assert found["SearchedUser"] == {"UserId": "alice"} and found["UserMatches"] == [], found
fails("InvalidParameterException", rekognition.search_users, **here)
fails("ResourceNotFoundException", rekognition.search_users, **here, UserId="carol")
done("SearchUsers")

found = rekognition.search_users_by_image(**here, Image=again)
assert [match["User"]["UserId"] for match in found["UserMatches"]] == ["alice"], found
assert found["UserMatches"][0]["Similarity"] >= 80 and "Landmarks" in found["SearchedFace"]["FaceDetail"]
unsearched = rekognition.search_users_by_image(**here, Image=party)["UnsearchedFaces"]
assert [face["Reasons"] for face in unsearched] == [["FACE_NOT_LARGEST"]] * 2, unsearched
found = rekognition.search_users_by_image(**here, Image=landscape)
assert found["UserMatches"] == [] and "SearchedFace" not in found, found
done("SearchUsersByImage")

deleted = rekognition.delete_faces(**here, FaceIds=[alice_face, other_party_face, nobody])
assert deleted["DeletedFaces"] == [other_party_face], deleted
unsuccessful = {face["FaceId"]: face for face in deleted["UnsuccessfulFaceDeletions"]}
assert unsuccessful[alice_face] == {"FaceId": alice_face, "UserId": "alice", "Reasons": ["ASSOCIATED_TO_AN_EXISTING_USER"]}
assert unsuccessful[nobody] == {"FaceId": nobody, "Reasons": ["FACE_NOT_FOUND"]}, unsuccessful
done("DeleteFaces")

released = rekognition.disassociate_faces(**here, UserId="alice", FaceIds=[alice_face, nobody])
assert [face["FaceId"] for face in released["DisassociatedFaces"]] == [alice_face], released
assert released["UnsuccessfulFaceDisassociations"] == [{"FaceId": nobody, "Reasons": ["FACE_NOT_FOUND"]}], released
assert released["UserStatus"] == "CREATED"
assert "UserId" not in rekognition.list_faces(**here, FaceIds=[alice_face])["Faces"][0]
fails("ResourceNotFoundException", rekognition.disassociate_faces, **here, UserId="carol", FaceIds=[alice_face])
done("DisassociateFaces")

rekognition.associate_faces(**here, UserId="alice", FaceIds=[alice_face])
rekognition.delete_user(**here, UserId="alice")
assert [user["UserId"] for user in rekognition.list_users(**here)["Users"]] == ["bob"]
assert "UserId" not in rekognition.list_faces(**here, FaceIds=[alice_face])["Faces"][0]
fails("ResourceNotFoundException", rekognition.delete_user, **here, UserId="alice")
done("DeleteUser")

assert rekognition.delete_collection(**here)["StatusCode"] == 200
fails("ResourceNotFoundException", rekognition.delete_collection, **here)
assert collection not in rekognition.list_collections()["CollectionIds"]
done("DeleteCollection")
