"""Adapters to DynamoDB, SQS, S3 and SSM; they implement the ports."""
